"""Graph components; `config.yml` names them by module path, one component per file."""
