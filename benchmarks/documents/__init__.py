"""How do documents of up to 50 MB get to MSign and back: how fast, in how much memory, with which stalls?"""
