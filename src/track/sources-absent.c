/* Until poll.c is here. */
#include "track/track.h"
const TrackOps track_poll_ops={.name="poll"};
