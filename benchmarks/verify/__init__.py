"""How many signatures does one core verify in a second?"""
