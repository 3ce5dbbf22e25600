"""One reader per kind of article file; `healthqa.articles` chooses among them."""
