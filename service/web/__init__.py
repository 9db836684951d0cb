ROUTES: tuple[object, ...] = ()
