"""Does it stay as fast with more replicas, years of jobs behind it, and a mountain of work before it?"""
