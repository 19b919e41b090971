"""The services: each a process of its own, none of them importing another."""
