"""Pictures: a module a subject; each function draws one figure of a table or of samples, and saves nothing."""
