"""Everything of healthqa that imports Rasa: NLU components, policies, NLG, tracker store, channels."""
