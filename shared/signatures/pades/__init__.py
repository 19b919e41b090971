"""How do PAdES signatures (in PDF files) come about, and what do they prove? (EN 319 142)"""
