/* PNG and PDF: cairo draws, its toy text interface finds the nearest font there is. */
#include <cairo/cairo-pdf.h>
#include <cairo/cairo.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"
#include "plot/canvas.h"

#define POINTS_A_PX 0.75 /* of PDF */

/* By name, when the first picture is made: a recorder that linked it would carry its relocations at every start. */
typedef struct CairoApi {
        __typeof__(&cairo_clip) clip;
        __typeof__(&cairo_close_path) close_path;
        __typeof__(&cairo_create) create;
        __typeof__(&cairo_debug_reset_static_data) reset_static_data;
        __typeof__(&cairo_destroy) destroy;
        __typeof__(&cairo_fill) fill;
        __typeof__(&cairo_image_surface_create) image_surface_create;
        __typeof__(&cairo_line_to) line_to;
        __typeof__(&cairo_move_to) move_to;
        __typeof__(&cairo_new_path) new_path;
        __typeof__(&cairo_pdf_surface_create_for_stream) pdf_surface_create_for_stream;
        __typeof__(&cairo_pdf_surface_set_metadata) pdf_surface_set_metadata;
        __typeof__(&cairo_rectangle) rectangle;
        __typeof__(&cairo_restore) restore;
        __typeof__(&cairo_save) save;
        __typeof__(&cairo_scale) scale;
        __typeof__(&cairo_select_font_face) select_font_face;
        __typeof__(&cairo_set_dash) set_dash;
        __typeof__(&cairo_set_font_size) set_font_size;
        __typeof__(&cairo_set_line_join) set_line_join;
        __typeof__(&cairo_set_line_width) set_line_width;
        __typeof__(&cairo_set_source_rgba) set_source_rgba;
        __typeof__(&cairo_show_page) show_page;
        __typeof__(&cairo_show_text) show_text;
        __typeof__(&cairo_status) status;
        __typeof__(&cairo_status_to_string) status_to_string;
        __typeof__(&cairo_stroke) stroke;
        __typeof__(&cairo_surface_destroy) surface_destroy;
        __typeof__(&cairo_surface_finish) surface_finish;
        __typeof__(&cairo_surface_status) surface_status;
        __typeof__(&cairo_surface_write_to_png_stream) surface_write_to_png_stream;
        __typeof__(&cairo_text_extents) text_extents;
} CairoApi;

static const LibrarySymbol symbols[] = {
        {"cairo_clip", offsetof(CairoApi, clip)},
        {"cairo_close_path", offsetof(CairoApi, close_path)},
        {"cairo_create", offsetof(CairoApi, create)},
        {"cairo_debug_reset_static_data", offsetof(CairoApi, reset_static_data)},
        {"cairo_destroy", offsetof(CairoApi, destroy)},
        {"cairo_fill", offsetof(CairoApi, fill)},
        {"cairo_image_surface_create", offsetof(CairoApi, image_surface_create)},
        {"cairo_line_to", offsetof(CairoApi, line_to)},
        {"cairo_move_to", offsetof(CairoApi, move_to)},
        {"cairo_new_path", offsetof(CairoApi, new_path)},
        {"cairo_pdf_surface_create_for_stream", offsetof(CairoApi, pdf_surface_create_for_stream)},
        {"cairo_pdf_surface_set_metadata", offsetof(CairoApi, pdf_surface_set_metadata)},
        {"cairo_rectangle", offsetof(CairoApi, rectangle)},
        {"cairo_restore", offsetof(CairoApi, restore)},
        {"cairo_save", offsetof(CairoApi, save)},
        {"cairo_scale", offsetof(CairoApi, scale)},
        {"cairo_select_font_face", offsetof(CairoApi, select_font_face)},
        {"cairo_set_dash", offsetof(CairoApi, set_dash)},
        {"cairo_set_font_size", offsetof(CairoApi, set_font_size)},
        {"cairo_set_line_join", offsetof(CairoApi, set_line_join)},
        {"cairo_set_line_width", offsetof(CairoApi, set_line_width)},
        {"cairo_set_source_rgba", offsetof(CairoApi, set_source_rgba)},
        {"cairo_show_page", offsetof(CairoApi, show_page)},
        {"cairo_show_text", offsetof(CairoApi, show_text)},
        {"cairo_status", offsetof(CairoApi, status)},
        {"cairo_status_to_string", offsetof(CairoApi, status_to_string)},
        {"cairo_stroke", offsetof(CairoApi, stroke)},
        {"cairo_surface_destroy", offsetof(CairoApi, surface_destroy)},
        {"cairo_surface_finish", offsetof(CairoApi, surface_finish)},
        {"cairo_surface_status", offsetof(CairoApi, surface_status)},
        {"cairo_surface_write_to_png_stream", offsetof(CairoApi, surface_write_to_png_stream)},
        {"cairo_text_extents", offsetof(CairoApi, text_extents)},
};

static const char library_name[] = "libcairo.so.2";

typedef struct CairoCanvas {
        Canvas canvas;
        CairoApi api;
        PlotFormat format;
        cairo_surface_t *surface;
        cairo_t *cairo;
        Buffer written;
        bool failed; /* no memory for what was written */
} CairoCanvas;

/* fontconfig keeps its configuration for as long as it is loaded, which is for good: to a sanitized vigia,
 * which asks here, that is no leak of ours. */
const char *__lsan_default_suppressions(void), *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
        return "leak:libfontconfig\n";
}

const char *__lsan_default_options(void)
{
        return "print_suppressions=0";
}

static void set_color(const CairoCanvas *c, PlotColor color, double opacity)
{
        c->api.set_source_rgba(c->cairo, color.red / 255.0, color.green / 255.0, color.blue / 255.0, opacity);
}

static void set_path(const CairoCanvas *c, const Point *points, size_t n)
{
        c->api.new_path(c->cairo);
        for (size_t i = 0; i < n; i++)
                c->api.line_to(c->cairo, points[i].x, points[i].y);
}

static void cairo_canvas_fill(Canvas *canvas, const Point *points, size_t n, PlotColor color, double opacity)
{
        const CairoCanvas *c = (CairoCanvas *)canvas;

        set_path(c, points, n);
        c->api.close_path(c->cairo);
        set_color(c, color, opacity);
        c->api.fill(c->cairo);
}

static void cairo_canvas_stroke(Canvas *canvas, const Point *points, size_t n, const Stroke *stroke)
{
        const CairoCanvas *c = (CairoCanvas *)canvas;

        set_path(c, points, n);
        set_color(c, stroke->color, 1);
        c->api.set_line_width(c->cairo, stroke->width);
        c->api.set_line_join(c->cairo, CAIRO_LINE_JOIN_ROUND);
        c->api.set_dash(c->cairo, &stroke->dash, stroke->dash > 0 ? 1 : 0, 0);
        c->api.stroke(c->cairo);
}

static void cairo_canvas_text(Canvas *canvas, Point base, const char *text, const TextStyle *style)
{
        const CairoCanvas *c = (CairoCanvas *)canvas;
        cairo_text_extents_t extents;

        c->api.select_font_face(c->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                               style->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
        c->api.set_font_size(c->cairo, style->size);
        c->api.text_extents(c->cairo, text, &extents);
        if (style->anchor == ANCHOR_MIDDLE)
                base.x -= extents.x_advance / 2;
        else if (style->anchor == ANCHOR_END)
                base.x -= extents.x_advance;
        set_color(c, style->color, 1);
        c->api.move_to(c->cairo, base.x, base.y);
        c->api.show_text(c->cairo, text);
}

static void cairo_canvas_clip(Canvas *canvas, Point corner, Point size)
{
        const CairoCanvas *c = (CairoCanvas *)canvas;

        c->api.save(c->cairo);
        c->api.rectangle(c->cairo, corner.x, corner.y, size.x, size.y);
        c->api.clip(c->cairo);
}

static void cairo_canvas_unclip(Canvas *canvas)
{
        const CairoCanvas *c = (CairoCanvas *)canvas;

        c->api.restore(c->cairo);
}

static cairo_status_t keep(void *data, const unsigned char *bytes, unsigned size)
{
        CairoCanvas *c = data;

        if (buffer_append(&c->written, bytes, size) < 0)
                c->failed = true;
        return c->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static int cairo_canvas_finish(Canvas *canvas, int fd, Error *err)
{
        CairoCanvas *c = (CairoCanvas *)canvas;
        cairo_status_t status = c->api.status(c->cairo);

        if (status == CAIRO_STATUS_SUCCESS && c->format == PLOT_PNG)
                status = c->api.surface_write_to_png_stream(c->surface, keep, c);
        else if (status == CAIRO_STATUS_SUCCESS) {
                c->api.show_page(c->cairo);
                c->api.surface_finish(c->surface);
                status = c->api.surface_status(c->surface);
        }
        if (c->failed || status == CAIRO_STATUS_NO_MEMORY)
                return error_set(err, ENOMEM, "out of memory");
        if (status != CAIRO_STATUS_SUCCESS)
                return error_set(err, EIO, "cairo cannot draw the plot: %s", c->api.status_to_string(status));
        int r = file_write_all(fd, c->written.data, c->written.size);
        return r < 0 ? error_set_errno(err, r, "cannot write the plot") : 0;
}

static Canvas *cairo_canvas_free(Canvas *canvas)
{
        CairoCanvas *c = (CairoCanvas *)canvas;

        if (c->cairo)
                c->api.destroy(c->cairo);
        if (c->surface)
                c->api.surface_destroy(c->surface);
        if (c->api.reset_static_data)
                c->api.reset_static_data(); /* its caches of fonts */
        buffer_done(&c->written);
        free(c);
        return NULL;
}

static const CanvasOps cairo_ops = {
        .fill = cairo_canvas_fill,
        .stroke = cairo_canvas_stroke,
        .text = cairo_canvas_text,
        .clip = cairo_canvas_clip,
        .unclip = cairo_canvas_unclip,
        .finish = cairo_canvas_finish,
        .free = cairo_canvas_free,
};

/* It stays loaded: its caches of fonts do, too. */
static int load(CairoApi *api, Error *why)
{
        void *handle;
        int r = library_load(library_name, symbols, ARRAY_LENGTH(symbols), api, &handle, why);

        return r < 0 ? error_set(why, -r, "%s cannot be loaded (Debian: libcairo2): without it there is no PNG "
                                 "and no PDF; expected SVG", library_name)
                     : 0;
}

int canvas_cairo_new(PlotFormat format, double width, double height, const char *title, Canvas **ret, Error *err)
{
        _cleanup_(canvas_freep) Canvas *canvas = NULL;
        CairoCanvas *c = calloc(1, sizeof *c);

        if (!c)
                return error_set(err, ENOMEM, "out of memory");
        c->canvas.ops = &cairo_ops;
        canvas = &c->canvas;
        c->format = format;
        int r = load(&c->api, err);
        if (r < 0)
                return r;
        if (format == PLOT_PNG)
                c->surface = c->api.image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
        else {
                c->surface = c->api.pdf_surface_create_for_stream(keep, c, width * POINTS_A_PX, height * POINTS_A_PX);
                c->api.pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_TITLE, title);
                c->api.pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_CREATOR, "vigia " VIGIA_VERSION);
        }
        c->cairo = c->api.create(c->surface);
        if (format == PLOT_PDF)
                c->api.scale(c->cairo, POINTS_A_PX, POINTS_A_PX);
        if (c->api.status(c->cairo) != CAIRO_STATUS_SUCCESS)
                return error_set(err, ENOMEM, "cairo cannot begin the plot: %s",
                                 c->api.status_to_string(c->api.status(c->cairo)));
        *ret = TAKE(canvas);
        return 0;
}

bool canvas_cairo_available(Error *why)
{
        CairoApi api;

        return load(&api, why) == 0;
}
