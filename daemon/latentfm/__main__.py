"""``python -m latentfm``: the command line."""

from latentfm.cli import main

if __name__ == "__main__":
    main()
