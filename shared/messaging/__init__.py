"""What do messages look like, and how do they come in and go out?"""
