"""One file per page; each is run by Streamlit from the top at every visit."""
