"""Keypoints -> one SMPL body per person. SMPL's joint order stays in here."""
