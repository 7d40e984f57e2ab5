"""chartsift.annotations: annotated charts, their checker and the accuracy figures."""

if __name__ == "annotations":  # the same file imported under two names would register every component twice
    raise ImportError("import chartsift.annotations; run 'pip install -e .' first")
