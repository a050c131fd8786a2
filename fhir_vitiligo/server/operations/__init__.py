"""Operations: one handler file each (or one for a family), joined in :mod:`.table`."""
