"""`make catalogues`: bring the catalogues up to date with the sources, for translators to go on from."""

from services.msign.locale.catalogues import TRANSLATED, catalogue_path
from services.msign.locale.upkeep import renewed


def main() -> None:
    """Write every catalogue anew."""
    for language in TRANSLATED:
        catalogue_path(language).write_text(renewed(language), encoding="utf-8")


if __name__ == "__main__":
    main()
