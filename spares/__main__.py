"""`python -m spares` is the `spares` command."""

from spares.cli import main

if __name__ == "__main__":
    main()
