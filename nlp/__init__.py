"""chartsift.nlp: clinical notes in, findings and eligibility verdicts out."""

if __name__ == "nlp":  # the same file imported under two names would register every component twice
    raise ImportError("import chartsift.nlp; run 'pip install -e .' first")
