"""What leaves or watches the building: cosigners, exports, verification."""
