"""chartsift.api: the command line, the HTTP interface and the reviewer pages."""

if __name__ == "api":  # the same file imported under two names would register every component twice
    raise ImportError("import chartsift.api; run 'pip install -e .' first")
