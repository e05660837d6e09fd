"""What came out of a run against what is true: counting, identity, pose.

Reads files; nothing here is in the loop of a class.
"""
