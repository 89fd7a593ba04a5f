/* Ticks, widths and labels as pure functions; pictures by what is in them: the text of SVG, pixels of PNG,
 * and that hostile texts, empty and huge data do no harm. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "plot/layout.h"
#include "plot/plot.h"

#define MIB 1048576.0

static const PlotUnit bytes = {PLOT_BYTES, NULL}, count = {PLOT_COUNT, NULL}, number = {PLOT_NUMBER, NULL};
static const PlotUnit percent = {PLOT_PERCENT, NULL}, duration = {PLOT_DURATION, NULL};

/* ---- ticks ---- */

static void check_ticks(PlotUnit unit, double least, double most, const char *expected)
{
        _cleanup_string_ String labels = {0};
        char label[FORMAT_MAX];
        Ticks t;

        ticks_find(unit, least, most, &t);
        assert_true(t.n <= TICKS_MOST);
        for (size_t i = 0; i < t.n; i++) {
                assert_true(t.at[i] >= least && t.at[i] <= most);
                string_add_format(&labels, "%s%s", i ? ", " : "", tick_label(unit, t.step, t.at[i], label));
        }
        assert_string_equal(string_get(&labels), expected);
}

static void test_ticks(void **state)
{
        check_ticks(bytes, 0, 54.9 * MIB, "0, 16 MiB, 32 MiB, 48 MiB");
        check_ticks(bytes, 0, 3.9 * 1024 * MIB, "0, 1 GiB, 2 GiB, 3 GiB");
        check_ticks(bytes, 0, 3, "0, 1 B, 2 B, 3 B");
        check_ticks((PlotUnit){PLOT_BYTES, "/s"}, 0, 1000 * 1024, "0, 256 KiB/s, 512 KiB/s, 768 KiB/s");
        check_ticks(count, 0, 1.06, "0, 1");
        check_ticks(count, 0, 14203, "0, 5 k, 10 k");
        check_ticks(count, 0, 900, "0, 200, 400, 600, 800");
        check_ticks(number, 0, 2.1, "0, 0.5, 1.0, 1.5, 2.0");
        check_ticks(number, 0, 0.0021, "0, 0.0005, 0.0010, 0.0015, 0.0020");
        check_ticks(number, -3, 3, "-2, 0, 2");
        check_ticks((PlotUnit){PLOT_NUMBER, "°C"}, 38, 61, "40 °C, 45 °C, 50 °C, 55 °C, 60 °C");
        check_ticks((PlotUnit){PLOT_NUMBER, "Hz"}, 0, 4.2e9, "0, 1 GHz, 2 GHz, 3 GHz, 4 GHz");
        check_ticks(percent, 0, 106, "0, 50 %, 100 %");
        check_ticks(duration, 0, 0.0042, "0, 1 ms, 2 ms, 3 ms, 4 ms");
        check_ticks(duration, 0, 0.9, "0, 0.2 s, 0.4 s, 0.6 s, 0.8 s");
        check_ticks(duration, 0, 20.1, "0, 5 s, 10 s, 15 s, 20 s");
        check_ticks(duration, 0, 125, "0, 30 s, 1m 00s, 1m 30s, 2m 00s");
        check_ticks(duration, 0, 1300, "0, 5m, 10m, 15m, 20m");
        check_ticks(duration, 0, 7000, "0, 30m, 1h 00m, 1h 30m");
        check_ticks(duration, 0, 86400, "0, 6h, 12h, 18h, 24h");
        check_ticks(duration, 0, 86400 * 9.5, "0, 2d, 4d, 6d, 8d");
}

static void test_no_ticks(void **state)
{
        Ticks t;

        ticks_find(number, 0, NAN, &t);
        assert_int_equal(t.n, 0);
        ticks_find(number, 5, 5, &t);
        assert_int_equal(t.n, 0);
        ticks_find(number, 0, INFINITY, &t);
        assert_int_equal(t.n, 0);
        ticks_find(bytes, 0, 1.8e19, &t);
        assert_true(t.n > 2 && t.n <= TICKS_MOST);
        ticks_find(number, 1e15, 1e15 + 1, &t);
        assert_true(t.n <= TICKS_MOST);
}

static void check_value(PlotUnit unit, double value, const char *expected)
{
        char text[FORMAT_MAX];

        assert_string_equal(plot_value(unit, value, text), expected);
}

static void test_values(void **state)
{
        check_value(bytes, 54.83 * MIB, "54.8 MiB");
        check_value(number, 2, "2");
        check_value(number, 2.0149, "2.01");
        check_value(number, 0.0498, "0.0498");
        check_value((PlotUnit){PLOT_NUMBER, "/s"}, 1204, "1200 /s");
        check_value(number, 55840, "55.8 k");
        check_value(count, 20321, "20,321");
        check_value(count, 0, "0");
        check_value(percent, 96.61, "96.6 %");
        check_value(duration, 252, "4m 12s");
        check_value(number, NAN, "unknown");
        check_value(number, -12.5, "-12.5");
}

/* ---- layout ---- */

static void test_spans(void **state)
{
        assert_true(text_span("", 10, false) == 0);
        assert_true(fabs(text_span("W", 1000, false) - 989) < 1e-9);
        assert_true(text_span("iiii", 10, false) < text_span("WWWW", 10, false));
        assert_true(text_span("memory", 10, true) > text_span("memory", 10, false));
        assert_true(text_span("日本", 10, false) >= 20);
        assert_true(text_span("e\xcc\x81", 10, false) == text_span("e", 10, false)); /* a combining mark */
}

static void test_fit(void **state)
{
        _cleanup_free_ char *huge = malloc(128 * 1024 + 1);
        _cleanup_string_ String s = {0};

        text_fit(&s, "cc1plus", 10, false, 500);
        assert_string_equal(string_get(&s), "cc1plus");
        string_clear(&s);
        text_fit(&s, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", 10, false, 100);
        assert_non_null(strstr(string_get(&s), "…"));
        assert_true(text_starts_with(string_get(&s), "/usr") && text_ends_with(string_get(&s), "plus"));
        assert_true(text_span(string_get(&s), 10, false) <= 100);
        string_clear(&s);
        memset(huge, 'M', 128 * 1024);
        huge[128 * 1024] = '\0';
        text_fit(&s, huge, 10, false, 60);
        assert_true(text_span(string_get(&s), 10, false) <= 60 && s.size > 4);
        string_clear(&s);
        text_fit(&s, "a\x1b[31m\xff\xe2\x80\xae\nb", 10, false, 500); /* escape, invalid, right-to-left override */
        assert_string_equal(string_get(&s), "a?[31m???b");
        string_clear(&s);
        text_fit(&s, "anything", 10, false, 0.1);
        assert_true(s.size <= 3);
}

static void test_spread(void **state)
{
        double a[] = {10, 11, 12, 90}, b[] = {95, 96, 97}, c[] = {50};

        assert_int_equal(labels_spread(a, 4, 10, 0, 100), 4);
        for (size_t i = 1; i < 4; i++)
                assert_true(a[i] - a[i - 1] >= 10 - 1e-9);
        assert_true(a[0] == 10 && a[3] == 90);
        assert_int_equal(labels_spread(b, 3, 10, 0, 100), 3);
        assert_true(b[0] >= 80 - 1e-9 && b[2] <= 100 && b[1] - b[0] >= 10 - 1e-9);
        assert_int_equal(labels_spread(c, 1, 10, 0, 100), 1);
        assert_true(c[0] == 50);
        double many[50] = {0};
        assert_int_equal(labels_spread(many, 50, 10, 0, 100), 11);
        assert_true(many[10] <= 100 && many[0] >= 0);
        assert_int_equal(labels_spread(many, 50, 10, 5, 0), 0);
}

static void test_band(void **state)
{
        /* room for three columns only at 4..6, between 20 and 50 */
        const double top[] = {40, 40, 0, 40, 20, 10, 15, 49}, bottom[] = {50, 50, 50, 50, 50, 55, 60, 50};
        size_t at;
        double middle;

        assert_true(band_find_room(top, bottom, 8, 3, 12, &at, &middle));
        assert_int_equal(at, 4);
        assert_true(middle == 35);
        assert_false(band_find_room(top, bottom, 8, 3, 31, &at, &middle));
        assert_false(band_find_room(top, bottom, 8, 9, 1, &at, &middle));
}

static void test_options(void **state)
{
        unsigned width = 0, height = 0;
        PlotFormat format;
        Error err = {0};

        assert_int_equal(plot_size_parse("1600x900", &width, &height, &err), 0);
        assert_true(width == 1600 && height == 900);
        assert_int_equal(plot_size_parse("1600", &width, &height, &err), -EINVAL);
        assert_int_equal(plot_size_parse("x900", &width, &height, &err), -EINVAL);
        assert_int_equal(plot_size_parse("100x900", &width, &height, &err), -ERANGE);
        assert_int_equal(plot_size_parse("900x99999999999", &width, &height, &err), -ERANGE);
        assert_int_equal(plot_format_of_path("a/b.SVG", &format), 0);
        assert_int_equal(format, PLOT_SVG);
        assert_int_equal(plot_format_of_path("a.svg/b", &format), -EINVAL);
        assert_int_equal(plot_format_of_path("png", &format), -EINVAL);
        assert_int_equal(plot_format_parse("pdf", &format), 0);
        assert_string_equal(plot_format_name(format), "pdf");
}

static void test_colors(void **state)
{
        PlotColor blue = plot_category_color("CPP_Compile", "cc1"), other = plot_category_color("Other", "Other_sleep");

        assert_true(blue.red == 0x42 && blue.green == 0x69 && blue.blue == 0xd0);
        assert_true(other.red == 0x94 && other.green == 0x98 && other.blue == 0xa0);
        PlotColor shade = plot_shade(blue, 1), same = plot_shade(blue, 0);
        assert_memory_equal(&same, &blue, sizeof blue);
        assert_memory_not_equal(&shade, &blue, sizeof blue);
        PlotColor a = plot_category_color(NULL, "worker"), b = plot_category_color(NULL, "worker");
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(plot_color_is_light((PlotColor){255, 255, 255}) && !plot_color_is_light((PlotColor){0, 0, 0}));
        PlotColor link = plot_category_color("Go_Link", ""), lighter = plot_shade(blue, 1), darker = plot_shade(blue, 2);
        assert_true(link.red == 0xef && link.green == 0xb1 && link.blue == 0x18);
        assert_true(lighter.red == 0x68 && lighter.green == 0x87 && lighter.blue == 0xd9); /* as the page mixes it */
        assert_true(darker.red == 0x37 && darker.green == 0x58 && darker.blue == 0xaf);
        for (size_t i = 0; i < 8; i++)
                for (size_t k = 0; k < i; k++) {
                        PlotColor x = plot_palette(i), y = plot_palette(k);
                        assert_memory_not_equal(&x, &y, sizeof x);
                }
}

/* ---- pictures ---- */

/* A stack of two over a minute, with a limit. */
static Plot *make_plot(PlotMark mark)
{
        Plot *plot = calloc(1, sizeof *plot);
        PlotPanel *panel = plot_add_panel(plot);
        static const char *const names[] = {"CPP_Compile", "CPP_Link <ld> & \"more\""};

        plot->title = strdup("Memory by category: make");
        plot->subtitle = strdup("make -j8");
        plot->source = strdup("20260102-030405-make · host");
        panel->x_end = 60;
        panel->x_step = 1;
        panel->steps = true;
        panel->left = (PlotAxis){.unit = bytes, .label = strdup("memory (PSS)")};
        panel->x_label = strdup("time since the start");
        for (size_t k = 0; k < 2; k++) {
                PlotSeries *s = plot_add_series(panel, names[k], mark, plot_category_color(k ? "CPP_Link" : "CPP_Compile", ""), 60);
                s->value = strdup(k ? "100 MiB" : "900 MiB");
                for (size_t i = 0; i < 60; i++)
                        s->y[i] = i >= 40 && i < 45 ? NAN : (k ? 100 : 900) * MIB;
        }
        assert_int_equal(plot_add_limit(panel, "limit of the cgroup", 1024 * MIB), 0);
        return plot;
}

static Plot *free_plot(Plot *plot)
{
        plot_done(plot);
        free(plot);
        return NULL;
}

static void draw(Plot *plot, PlotFormat format, Buffer *to)
{
        _cleanup_close_ int fd = memfd_create("plot", MFD_CLOEXEC);
        Error err = {0};

        assert_int_equal(plot_write(plot, format, fd, &err), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(file_read_all(fd, to, 64 << 20), 0);
        assert_int_equal(buffer_append_byte(to, 0), 0);
        free_plot(plot);
}

static size_t count_text(const Buffer *in, const char *what)
{
        size_t n = 0;

        for (const char *p = strstr((const char *)in->data, what); p; p = strstr(p + 1, what))
                n++;
        return n;
}

static void test_svg(void **state)
{
        Buffer out = {0};

        draw(make_plot(PLOT_STACK), PLOT_SVG, &out);
        assert_true(text_starts_with((const char *)out.data, "<?xml"));
        assert_int_equal(count_text(&out, ">Memory by category: make</"), 2); /* its title, and what is read aloud */
        assert_int_equal(count_text(&out, ">memory (PSS)</text>"), 1);
        assert_int_equal(count_text(&out, ">512 MiB</text>"), 1);
        assert_int_equal(count_text(&out, ">limit of the cgroup: 1 GiB</text>"), 1);
        assert_int_equal(count_text(&out, "stroke-dasharray"), 1);
        assert_int_equal(count_text(&out, ">CPP_Compile</text>"), 2); /* in its area and in the legend */
        assert_int_equal(count_text(&out, ">900 MiB</text>"), 1);
        assert_int_equal(count_text(&out, ">CPP_Link &lt;ld&gt; &amp; &quot;more&quot;</text>"), 2);
        assert_int_equal(count_text(&out, ">30 s</text>"), 1);
        assert_int_equal(count_text(&out, ">time since the start</text>"), 1);
        assert_int_equal(count_text(&out, ">20260102-030405-make · host</text>"), 1);
        /* A gap parts each area: two paths of each colour, and its swatch. */
        assert_int_equal(count_text(&out, "Z\" fill=\"#4269d0\""), 3);
        assert_true(text_ends_with((const char *)out.data, "</svg>\n"));
        buffer_done(&out);
}

static void test_svg_is_the_same_again(void **state)
{
        Buffer a = {0}, b = {0};

        draw(make_plot(PLOT_LINE), PLOT_SVG, &a);
        draw(make_plot(PLOT_LINE), PLOT_SVG, &b);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
        buffer_done(&a);
        buffer_done(&b);
}

static void test_narrow(void **state)
{
        Buffer out = {0};
        Plot *plot = make_plot(PLOT_STACK);

        plot->width = 300;
        plot->height = 260;
        draw(plot, PLOT_SVG, &out);
        assert_int_equal(count_text(&out, "width=\"300\" height=\"260\""), 1);
        assert_true(count_text(&out, ">CPP_Compile</text>") >= 1); /* below */
        buffer_done(&out);
}

static void test_hostile(void **state)
{
        _cleanup_free_ char *huge = malloc(128 * 1024 + 1);
        Buffer out = {0};

        memset(huge, '<', 128 * 1024);
        huge[128 * 1024] = '\0';
        for (unsigned format = 0; format <= PLOT_PDF; format++) {
                Plot *plot = make_plot(PLOT_LINE);
                if (!plot_format_available((PlotFormat)format, NULL)) {
                        free_plot(plot);
                        continue;
                }
                free(plot->title);
                free(plot->subtitle);
                free(plot->source);
                plot->title = strdup("</title><script>alert(1)</script>\x01\xff\xe2\x80\xae\xef\xbf\xbe");
                plot->subtitle = strdup(huge);
                plot->source = strdup("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d · \xc3");
                assert_non_null(plot_add_series(&plot->panels[0], huge, PLOT_LINE, plot_palette(3), 1));
                assert_non_null(plot_add_series(&plot->panels[0], "", PLOT_LINE, plot_palette(4), 0));
                plot->panels[0].series[2].y[0] = 1e300;
                buffer_clear(&out);
                draw(plot, (PlotFormat)format, &out);
                assert_true(out.size > 1000);
        }
        buffer_clear(&out);
        Plot *plot = make_plot(PLOT_LINE);
        free(plot->title);
        plot->title = strdup("</title><script>alert(1)</script>\x01\xff\xe2\x80\xae\xef\xbf\xbe");
        draw(plot, PLOT_SVG, &out);
        assert_int_equal(count_text(&out, "<script"), 0);
        assert_int_equal(count_text(&out, "&lt;script&gt;"), 2);
        assert_int_equal(count_text(&out, "\x01"), 0);
        assert_int_equal(count_text(&out, "\xe2\x80\xae"), 0);
        assert_int_equal(count_text(&out, "\xef\xbf\xbe"), 0);
        buffer_done(&out);
}

static void test_empty(void **state)
{
        Buffer out = {0};
        Plot *plot = calloc(1, sizeof *plot);
        PlotPanel *panel = plot_add_panel(plot);

        panel->empty = strdup("no process was seen at a tick");
        draw(plot, PLOT_SVG, &out);
        assert_int_equal(count_text(&out, ">no process was seen at a tick</text>"), 1);
        assert_int_equal(count_text(&out, ">1</text>"), 0); /* no values are made up for it */
        assert_int_equal(count_text(&out, "nan"), 0);
        assert_int_equal(count_text(&out, "inf"), 0);
        buffer_clear(&out);

        plot = calloc(1, sizeof *plot);
        draw(plot, PLOT_SVG, &out); /* no panel at all */
        assert_true(text_ends_with((const char *)out.data, "</svg>\n"));
        buffer_clear(&out);

        /* One value; all values 0. */
        for (size_t n = 1; n < 3; n++) {
                plot = calloc(1, sizeof *plot);
                panel = plot_add_panel(plot);
                panel->x_end = 1;
                panel->x_step = 1;
                PlotSeries *s = plot_add_series(panel, "one", PLOT_LINE, plot_palette(0), n);
                s->y[0] = n == 1 ? 7 : 0;
                draw(plot, PLOT_SVG, &out);
                assert_true(count_text(&out, ">one</text>") >= 1);
                assert_int_equal(count_text(&out, "nan"), 0);
                buffer_clear(&out);
        }
        buffer_done(&out);
}

static void test_bars(void **state)
{
        Buffer out = {0};
        Plot *plot = calloc(1, sizeof *plot);
        PlotPanel *panel = plot_add_panel(plot);

        panel->places = calloc(3, sizeof *panel->places);
        for (size_t i = 0; i < 3; i++, panel->n_places++)
                panel->places[i] = strdup(i == 0 ? "-j1" : i == 1 ? "-j2" : "-j4");
        panel->left.unit = bytes;
        panel->right = (PlotAxis){.unit = duration, .label = strdup("time it took")};
        PlotSeries *bar = plot_add_series(panel, "peak", PLOT_BAR, plot_palette(0), 3);
        bar->low = calloc(3, sizeof *bar->low);
        bar->high = calloc(3, sizeof *bar->high);
        for (size_t i = 0; i < 3; i++) {
                bar->y[i] = (double)(i + 1) * 1024 * MIB;
                bar->low[i] = bar->y[i] * 0.9;
                bar->high[i] = bar->y[i] * 1.1;
        }
        PlotSeries *line = plot_add_series(panel, "time", PLOT_LINE, plot_palette(1), 3);
        line->right = true;
        line->x = calloc(3, sizeof *line->x);
        for (size_t i = 0; i < 3; i++) {
                line->x[i] = (double)i;
                line->y[i] = i == 1 ? NAN : 100 - (double)i * 20;
        }
        draw(plot, PLOT_SVG, &out);
        assert_int_equal(count_text(&out, ">-j2</text>"), 1);
        assert_true(count_text(&out, ">2 GiB</text>") >= 2); /* a tick, and a bar's */
        assert_int_equal(count_text(&out, ">1m 00s</text>"), 1);
        assert_int_equal(count_text(&out, ">time it took</text>"), 1);
        buffer_done(&out);
}

/* As many points as a day of ticks, in bounded time and size: a bucket is what is drawn, not a tick. */
static void test_many_points(void **state)
{
        Buffer out = {0};
        Plot *plot = calloc(1, sizeof *plot);
        PlotPanel *panel = plot_add_panel(plot);
        enum { N = 100000 };

        panel->x_end = 86400;
        panel->x_step = 86400.0 / N;
        panel->steps = true;
        for (size_t k = 0; k < 3; k++) {
                PlotSeries *s = plot_add_series(panel, "many", PLOT_STACK, plot_palette(k), N);
                for (size_t i = 0; i < N; i++)
                        s->y[i] = (double)((i * 7919 + k) % 1000);
        }
        draw(plot, PLOT_SVG, &out);
        assert_int_equal(count_text(&out, ">12h</text>"), 1);
        buffer_done(&out);
}

static uint32_t big_endian(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void test_png(void **state)
{
        Buffer plain = {0}, out = {0};
        Plot *plot = make_plot(PLOT_STACK), *empty;

        if (!plot_format_available(PLOT_PNG, NULL)) {
                free_plot(plot);
                skip();
        }
        plot->width = 640;
        plot->height = 360;
        draw(plot, PLOT_PNG, &out);
        assert_memory_equal(out.data, "\x89PNG\r\n\x1a\n", 8);
        assert_memory_equal(out.data + 12, "IHDR", 4);
        assert_int_equal(big_endian(out.data + 16), 640);
        assert_int_equal(big_endian(out.data + 20), 360);
        empty = calloc(1, sizeof *empty);
        empty->width = 640;
        empty->height = 360;
        draw(empty, PLOT_PNG, &plain);
        assert_true(out.size > 4 * plain.size); /* text and areas are there */
        buffer_done(&plain);
        buffer_done(&out);
}

static void test_pdf(void **state)
{
        Buffer out = {0};
        Plot *plot = make_plot(PLOT_LINE);

        if (!plot_format_available(PLOT_PDF, NULL)) {
                free_plot(plot);
                skip();
        }
        plot->theme = PLOT_DARK;
        draw(plot, PLOT_PDF, &out);
        assert_memory_equal(out.data, "%PDF-", 5);
        assert_memory_equal(out.data + out.size - 1 - 6, "%%EOF\n", 6);
        buffer_done(&out);
}

/* A disk that is full, a descriptor that cannot be written. */
static void test_cannot_write(void **state)
{
        Plot *plot = make_plot(PLOT_LINE);
        Error err = {0};

        assert_true(plot_write(plot, PLOT_SVG, -1, &err) < 0);
        assert_non_null(strstr(err.message, "cannot write"));
        free_plot(plot);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ticks),   cmocka_unit_test(test_no_ticks),
                cmocka_unit_test(test_values),  cmocka_unit_test(test_spans),
                cmocka_unit_test(test_fit),     cmocka_unit_test(test_spread),
                cmocka_unit_test(test_band),    cmocka_unit_test(test_options),
                cmocka_unit_test(test_colors),  cmocka_unit_test(test_svg),
                cmocka_unit_test(test_svg_is_the_same_again), cmocka_unit_test(test_narrow),
                cmocka_unit_test(test_hostile), cmocka_unit_test(test_empty),
                cmocka_unit_test(test_bars),    cmocka_unit_test(test_many_points),
                cmocka_unit_test(test_png),     cmocka_unit_test(test_pdf),
                cmocka_unit_test(test_cannot_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
