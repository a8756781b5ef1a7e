"""English and French, one table an idea, one column a language. A third language is one more column here and nowhere else."""
