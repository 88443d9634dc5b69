//! The JSON documents of /api/v1, shared by the server and by `top`.
