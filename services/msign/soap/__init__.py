"""How does the API speak SOAP 1.1? (contract section 1)"""
