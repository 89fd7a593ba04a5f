/* Built without cairo: SVG is all there is. */
#include <errno.h>

#include "plot/canvas.h"

bool canvas_cairo_available(Error *why)
{
        error_set(why, EOPNOTSUPP, "this vigia is built without cairo (Debian: libcairo2-dev), "
                                   "so it draws no PNG and no PDF; expected SVG");
        return false;
}

int canvas_cairo_new(PlotFormat format, double width, double height, const char *title, Canvas **ret, Error *err)
{
        canvas_cairo_available(err);
        return -EOPNOTSUPP;
}
