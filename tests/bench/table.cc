// SPDX-License-Identifier: ISC
#include "tests/bench/table.hh"

#include "tests/bench/statistics.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <utility>

namespace bench {
namespace {

using Line = std::vector<std::string>;

std::string format(const char* how, double value) {
    std::array<char, 64> shown{};
    std::snprintf(shown.data(), shown.size(), how, value);
    return shown.data();
}

std::string show_ratio(double ratio) {
    return std::isnan(ratio) ? "-" : format(ratio < 0.1 ? "%.3f" : ratio < 9.95 ? "%.2f" : "%.1f", ratio);
}

Line line_of(const Sample& sample, double suite_median) {
    const double middle = median(sample.values);
    return {"  " + sample.subject,
            show_number(middle),
            show_number(quantile(sample.values, 0)),
            show_number(quantile(sample.values, 1)),
            sample.subject == suite || std::isnan(suite_median) ? "" : show_ratio(suite_median / middle),
            sample.note};
}

std::string show_reached(const Verdict& verdict) {
    if (std::isnan(verdict.ratio)) return "-";
    return verdict.target->subject.empty() ? show_number(verdict.ratio) : show_ratio(verdict.ratio);
}

std::string show_verdict(const Verdict& verdict) {
    return std::isnan(verdict.ratio) ? "not measured" : verdict.met ? "met" : "MISSED";
}

} // namespace

std::string show_number(double value) {
    if (std::isnan(value)) return "-";
    std::string digits = format(value < 1     ? "%.3f"
                                : value < 10  ? "%.2f"
                                : value < 100 ? "%.1f"
                                              : "%.0f",
                                value);
    const std::size_t point = std::min(digits.find('.'), digits.size());
    for (std::size_t at = point; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
    return digits;
}

std::string align(const std::vector<Line>& lines, std::string_view alignment) {
    std::vector<std::size_t> widths;
    for (const Line& line : lines) {
        widths.resize(std::max(widths.size(), line.size()));
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
    }
    std::string out;
    for (const Line& line : lines) {
        std::string row;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::string fill(widths[i] - line[i].size(), ' ');
            const bool left = i == 0 || (i < alignment.size() && alignment[i] == 'l');
            row += (i > 0 ? "  " : "") + (left ? line[i] + fill : fill + line[i]);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        out += row + '\n';
    }
    return out;
}

Verdict judge(const Target& target, const Samples& samples) {
    double reference = 1;
    if (target.subject == "best peer") {
        const Sample* const best = samples.best_peer(target.row);
        reference = best ? median(best->values) : std::nan("");
    } else if (!target.subject.empty()) {
        reference = samples.median_of(target.reference_row.empty() ? target.row : target.reference_row,
                                      target.subject);
    }
    const double ratio = samples.median_of(target.row, target.judged) / reference;
    return {&target, ratio,
            target.relation == Target::Relation::at_least ? ratio >= target.factor : ratio <= target.factor};
}

std::string make_table(const Samples& samples) {
    // A row's title stands above its servers, over all columns: it is put in when these are aligned.
    std::vector<Line> lines{{"", "median", "lowest", "highest", "suite/it"}};
    std::vector<std::string> titles{""};
    for (const Row& row : all_rows()) {
        std::string title = std::string{row.work}.append(", ").append(row.unit).append("\n");
        for (const Sample& sample : samples.all()) {
            if (sample.row != row.name) continue;
            lines.push_back(line_of(sample, samples.median_of(row.name, suite)));
            titles.push_back(std::exchange(title, ""));
        }
    }
    std::string table;
    std::istringstream aligned{align(lines, "lrrrrl")};
    for (const std::string& title : titles) {
        std::string line;
        std::getline(aligned, line);
        table += title + line + '\n';
    }
    std::vector<Line> verdicts{{"work", "target", "reached", ""}};
    for (const Target& target : all_targets()) {
        if (!samples.find(target.row, target.judged)) continue;
        const Verdict verdict = judge(target, samples);
        verdicts.push_back({std::string{find_row(target.row).work}, std::string{target.text},
                            show_reached(verdict), show_verdict(verdict)});
    }
    return table + '\n' + align(verdicts, "llrl");
}

std::string make_summary(const Samples& samples) {
    std::string out = "| work | suite | target | reached | |\n|---|--:|---|--:|---|\n";
    for (const Target& target : all_targets()) {
        if (!samples.find(target.row, target.judged)) continue;
        const Row& row = find_row(target.row);
        const Verdict verdict = judge(target, samples);
        out += "| " + std::string{row.work} + " | " +
               show_number(samples.median_of(row.name, target.judged)) + ' ' + std::string{row.unit} + " | " +
               std::string{target.text} + " | " + show_reached(verdict) + " | " + show_verdict(verdict) +
               " |\n";
    }
    return out;
}

} // namespace bench
