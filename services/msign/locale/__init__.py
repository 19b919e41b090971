"""In which words does the provider speak Romanian, Russian and English?

The English sentences stand in the code (`Text("…")`) and in the templates (`_("…")`, `ngettext("…", "…", n)`); their
translations in `ro` and `ru`, one gettext catalogue each. After a sentence has changed, `make catalogues` brings the
catalogues up to date, and what they lack fails a test. Placeholders are named, `%(host)s`; a count is `%(num)d`.
"""
