"""`python -m leadledger`."""

from leadledger.cli.main import main

if __name__ == "__main__":
    main()
