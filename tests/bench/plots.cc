// SPDX-License-Identifier: ISC
#include "tests/bench/plots.hh"

#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"
#include "tests/bench/svg.hh"

#include <algorithm>
#include <array>

namespace bench {
namespace {

BarGroup bars_of(const Samples& samples, const Row& row) {
    BarGroup group{std::string{row.work}.append(", ").append(row.unit).append(
                       row.more_is_better ? " (longer is better)" : " (shorter is better)"),
                   {}};
    for (const Sample& sample : samples.all())
        if (sample.row == row.name && !sample.values.empty())
            group.bars.push_back({sample.subject, median(sample.values), quantile(sample.values, 0),
                                  quantile(sample.values, 1), sample.subject.starts_with(suite)});
    return group;
}

// Rows in which somebody else was measured, too.
std::vector<BarGroup> compared(const Samples& samples, const auto& wanted) {
    std::vector<BarGroup> groups;
    for (const Row& row : all_rows())
        if (wanted(row))
            if (BarGroup group = bars_of(samples, row); group.bars.size() > 1)
                groups.push_back(std::move(group));
    return groups;
}

} // namespace

std::string plot_part(const Samples& samples, std::string_view part) {
    return plot_bars(compared(samples, [&](const Row& row) { return part_of(row.name) == part; }));
}

std::string plot_overview(const Samples& samples) {
    constexpr std::array<std::string_view, 5> shown{"ftp-sessions", "ftp-retr-small", "ftp-mlsd",
                                                    "chat-flood-100", "chat-flood-500"};
    return plot_bars(compared(samples, [&](const Row& row) {
        return std::find(shown.begin(), shown.end(), row.name) != shown.end();
    }));
}

std::string plot_poller(const Samples& samples) {
    std::vector<Curve> curves;
    for (const Row& row : all_rows()) {
        if (part_of(row.name) != "poller") continue;
        Curve curve{std::string{row.name.substr(row.name.find('-') + 1)}, {}};
        for (const Sample& sample : samples.all())
            if (sample.row == row.name && !sample.values.empty())
                curve.points.emplace_back(std::stod(sample.subject), median(sample.values));
        if (!curve.points.empty()) curves.push_back(std::move(curve));
    }
    return plot_curves("Cost of a wake-up, in microseconds", "descriptors watched, one of them active",
                       curves);
}

} // namespace bench
