"""`python -m symppa` is `symppa`."""

from symppa.cli.main import main

if __name__ == "__main__":
    main(prog_name="symppa")
