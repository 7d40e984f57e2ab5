"""chartsift.models: everything learned with scikit-learn."""

if __name__ == "models":  # the same file imported under two names would register every component twice
    raise ImportError("import chartsift.models; run 'pip install -e .' first")
