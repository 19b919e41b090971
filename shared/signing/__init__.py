"""What happens to a job between its command and its final event?"""
