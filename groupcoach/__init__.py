"""groupcoach: one camera, a whole exercise class.

Importing the package loads nothing heavy: no torch, no OpenCV, no Streamlit, no speech engine
(``tests/test_import.py`` measures it). Each stage loads its library when it is built.
"""

__version__ = "0.1.0"
