// SPDX-License-Identifier: ISC
#include "tests/bench/svg.hh"

#include "common/text.hh"
#include "tests/bench/table.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace bench {
namespace {

using common::text;

constexpr int width = 760;
constexpr std::string_view ours = "#1f6f8b", others = "#b9bec4", ink = "#22262a", faint = "#d8dcdf";

std::string escape_xml(std::string_view plain) {
    std::string out;
    for (const char c : plain) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string document(int height, const std::string& body) {
    return text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                "\" viewBox=\"0 0 ", width, ' ', height,
                "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"", ink,
                "\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n", body, "</svg>\n");
}

std::string words(int x, int y, std::string_view what, std::string_view attributes = "") {
    return text("<text x=\"", x, "\" y=\"", y, "\" ", attributes, '>', escape_xml(what), "</text>\n");
}

std::string line(int x1, int y1, int x2, int y2, std::string_view colour) {
    return text("<path d=\"M", x1, ' ', y1, 'L', x2, ' ', y2, "\" stroke=\"", colour, "\"/>\n");
}

int rounded(double value) { return static_cast<int>(std::lround(value)); }

} // namespace

std::string plot_bars(const std::vector<BarGroup>& groups) {
    constexpr int left = 190, right = width - 90, step = 20, thickness = 13;
    std::string body;
    int y = 10;
    for (const BarGroup& group : groups) {
        y += 16;
        body += words(10, y, group.title, "font-weight=\"bold\"");
        y += 8;
        double longest = 0;
        for (const Bar& bar : group.bars) longest = std::max({longest, bar.middle, bar.high});
        const auto place = [&](double value) {
            return left + (longest > 0 ? rounded((right - left) * value / longest) : 0);
        };
        for (const Bar& bar : group.bars) {
            const int middle = y + step / 2;
            body += words(left - 8, middle + 4, bar.label, "text-anchor=\"end\"");
            body += text("<rect x=\"", left, "\" y=\"", middle - thickness / 2, "\" width=\"",
                         place(bar.middle) - left, "\" height=\"", thickness, "\" fill=\"",
                         bar.stands_out ? ours : others, "\"/>\n");
            body += line(place(bar.low), middle, place(bar.high), middle, ink);
            body += words(place(std::max(bar.middle, bar.high)) + 6, middle + 4, show_number(bar.middle));
            y += step;
        }
        y += 10;
    }
    return document(y + 4, body);
}

std::string plot_curves(const std::string& title, const std::string& x_label,
                        const std::vector<Curve>& curves) {
    constexpr int left = 70, right = width - 110, top = 40, bottom = 360;
    constexpr std::array<std::string_view, 4> colours{"#b5493a", "#c98a1b", "#1f6f8b", "#4a8a3f"};
    double least_x = 1e9, most_x = 1e-9, least_y = 1e9, most_y = 1e-9;
    for (const Curve& curve : curves) {
        for (const auto& [x, y] : curve.points) {
            least_x = std::min(least_x, x);
            most_x = std::max(most_x, x);
            least_y = std::min(least_y, y);
            most_y = std::max(most_y, y);
        }
    }
    // Whole decades, so that each line of the grid is a power of ten.
    const auto decade_below = [](double value) { return static_cast<int>(std::floor(std::log10(value))); };
    const auto decade_above = [](double value) { return static_cast<int>(std::ceil(std::log10(value))); };
    const int first_x = decade_below(least_x), last_x = decade_above(most_x), first_y = decade_below(least_y),
              last_y = decade_above(most_y);
    if (!(last_x > first_x) || !(last_y > first_y))
        return document(40, words(10, 24, title + ": not measured"));
    const auto place_x = [&](double decade) {
        return left + rounded((right - left) * (decade - first_x) / (last_x - first_x));
    };
    const auto place_y = [&](double decade) {
        return bottom - rounded((bottom - top) * (decade - first_y) / (last_y - first_y));
    };
    std::string body = words(10, 22, title, "font-weight=\"bold\"");
    for (int decade = first_x; decade <= last_x; ++decade) {
        body += line(place_x(decade), top, place_x(decade), bottom, faint);
        body +=
            words(place_x(decade), bottom + 18, show_number(std::pow(10, decade)), "text-anchor=\"middle\"");
    }
    for (int decade = first_y; decade <= last_y; ++decade) {
        body += line(left, place_y(decade), right, place_y(decade), faint);
        body +=
            words(left - 8, place_y(decade) + 4, show_number(std::pow(10, decade)), "text-anchor=\"end\"");
    }
    body += words((left + right) / 2, bottom + 38, x_label, "text-anchor=\"middle\"");
    int label_y = top + 10;
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const std::string_view colour = colours[i % colours.size()];
        std::string path;
        for (const auto& [x, y] : curves[i].points)
            path += text(path.empty() ? "M" : "L", place_x(std::log10(x)), ' ', place_y(std::log10(y)));
        body += text("<path d=\"", path, "\" fill=\"none\" stroke-width=\"2\" stroke=\"", colour, "\"/>\n");
        body += line(right + 10, label_y - 4, right + 28, label_y - 4, colour);
        body += words(right + 34, label_y, curves[i].label);
        label_y += 18;
    }
    return document(bottom + 50, body);
}

} // namespace bench
