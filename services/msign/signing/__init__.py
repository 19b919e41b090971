"""How does a request get signed, whichever page or phone asks for it?"""
