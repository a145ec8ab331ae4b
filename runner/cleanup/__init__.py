"""Nothing is left: the guard, the teardown and its proof, ownership, orphans, strays."""
