"""``python -m fhir_vitiligo``: the command ``fhir-vitiligo`` where an environment's scripts are not on the path."""

from fhir_vitiligo.cli import main

if __name__ == "__main__":
    main(prog_name="fhir-vitiligo")
