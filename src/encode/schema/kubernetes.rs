//! Names; filled in by the part that serves them.
