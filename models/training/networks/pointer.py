"""What counts for the pointer of the copying decoder, by the number of known coordinates of the object: how
certain the encoder is of a box, how far the coordinates are off, how well it is told. Set by hand: learnt by
likelihood they become so small that the likeliest tokens are of several boxes (AP 25.6 in place of 26.5).
How certain a box is decides the order, and half as much would do: the more it counts, the more often two objects
change places from frame to frame (1.5 in place of 3 for the first: AP 25.5 and 25.6, `tolerant` 7.7 and 10 calls on the bundled clip)."""

FOR_RANK = (1.5, 1.0, 1.0, 1.0, 1.0)
FOR_DISTANCE = (1.0, 1.0, 1.0, 1.0, 1.0)
FOR_COVERAGE = (10.0, 8.0, 6.0, 5.0, 1.0)
FOR_OVERLAP = 20.0  # of the whole object with the box
