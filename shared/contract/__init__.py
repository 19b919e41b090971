"""The SOAP contract between e-Services and MSign: what travels, what is allowed, how it is called."""
