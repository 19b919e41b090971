"""The browser's way to the Sign Page and back."""
