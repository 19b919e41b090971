"""How are signatures made, and how is each of them judged? (`signature-profile.md`)"""
