"""How do XAdES signatures (for hashes and XML) come about, and what do they prove? (TS 101 903, EN 319 132)"""
