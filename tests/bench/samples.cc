// SPDX-License-Identifier: ISC
#include "tests/bench/samples.hh"

#include "common/errors.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

namespace bench {

// A line is ROW, SUBJECT, NOTE and the values, each behind a tab.
Samples::Samples(std::string file) : file_(std::move(file)) {
    std::ifstream in{file_};
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream fields{line};
        Sample sample;
        std::getline(fields, sample.row, '\t');
        std::getline(fields, sample.subject, '\t');
        std::getline(fields, sample.note, '\t');
        for (double value = 0; fields >> value;) sample.values.push_back(value);
        if (sample.subject.empty() || !fields.eof())
            throw common::UserError(file_ + ": '" + line + "' is no measurement: remove the file");
        samples_.push_back(std::move(sample));
    }
}

void Samples::forget(std::string_view beginning) {
    std::erase_if(samples_, [&](const Sample& sample) { return sample.row.starts_with(beginning); });
}

void Samples::add(std::string_view row, std::string_view subject, double value) {
    entry(row, subject).values.push_back(value);
}

void Samples::note(std::string_view row, std::string_view subject, std::string note) {
    entry(row, subject).note = std::move(note);
}

Sample& Samples::entry(std::string_view row, std::string_view subject) {
    for (Sample& sample : samples_)
        if (sample.row == row && sample.subject == subject) return sample;
    return samples_.emplace_back(Sample{.row = std::string{row}, .subject = std::string{subject}});
}

const Sample* Samples::find(std::string_view row, std::string_view subject) const {
    for (const Sample& sample : samples_)
        if (sample.row == row && sample.subject == subject) return &sample;
    return nullptr;
}

double Samples::median_of(std::string_view row, std::string_view subject) const {
    const Sample* const found = find(row, subject);
    return found ? median(found->values) : std::numeric_limits<double>::quiet_NaN();
}

const Sample* Samples::best_peer(std::string_view row) const {
    const Sample* best = nullptr;
    for (const Sample& sample : samples_) {
        if (sample.row != row || !is_peer(sample.subject) || sample.values.empty()) continue;
        const bool is_more = best && median(sample.values) > median(best->values);
        if (!best || is_more == find_row(row).more_is_better) best = &sample;
    }
    return best;
}

void Samples::save() const {
    const std::string fresh = file_ + ".new";
    {
        std::ofstream out{fresh};
        out << "# row\tserver\tnote\tvalues, one a round\n";
        out.precision(6);
        for (const Sample& sample : samples_) {
            out << sample.row << '\t' << sample.subject << '\t' << sample.note;
            for (const double value : sample.values) out << '\t' << value;
            out << '\n';
        }
        if (!out.flush()) common::fail("write", fresh);
    }
    common::checked("rename", fresh, [&] { return std::rename(fresh.c_str(), file_.c_str()); });
}

} // namespace bench
