// SPDX-License-Identifier: ISC
// All that was measured, kept in a file of tab-separated values that is written anew after each measurement,
// so that a run that is cut short has lost nothing, and a run of one part leaves the others as they were.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Sample {
    std::string row;
    std::string subject;
    std::vector<double> values{};
    std::string note{}; // why there are no values, or what else is to be known of them
};

class Samples {
public:
    // Takes what the file holds from earlier, if it is there. Throws UserError for one that cannot be read.
    explicit Samples(std::string file);

    void forget(std::string_view beginning); // the rows that begin so are going to be measured anew
    void add(std::string_view row, std::string_view subject, double value);
    void note(std::string_view row, std::string_view subject, std::string note);
    void save() const; // replaces the file

    const std::vector<Sample>& all() const { return samples_; }
    const Sample* find(std::string_view row, std::string_view subject) const; // nullptr: was not measured
    // NaN if there are no values.
    double median_of(std::string_view row, std::string_view subject) const;
    // The peer with the best median in a row; nullptr if no peer has one.
    const Sample* best_peer(std::string_view row) const;

private:
    Sample& entry(std::string_view row, std::string_view subject);

    std::string file_;
    std::vector<Sample> samples_; // in the order in which they were first measured
};

} // namespace bench
