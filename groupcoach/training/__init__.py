"""How the files of ``models/`` that are ours were made; each module is a script that makes one of them again."""
