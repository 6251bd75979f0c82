"""`python -m viralclip` and the `viralclip` command."""

from viralclip.cli.app import app


def main() -> None:
    app()


if __name__ == "__main__":
    main()
