"""How fast do sign jobs move: from a command to `accepted`, and from a user's return to `ready`?"""
