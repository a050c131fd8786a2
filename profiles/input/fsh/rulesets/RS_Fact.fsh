// How a value came to be known, on the element that carries it: why it is absent, what was written, how that was read.
RuleSet: Fact(path)
* {path}.extension contains
    $absent named absent 0..1 and
    $originalText named originalText 0..1 and
    Reading named reading 0..1

// A time that may have no date: counted from a visit, or in words, or absent with a reason.
RuleSet: Moment(path)
* {path}.extension contains
    $relativeTime named relative 0..1 MS and
    MomentText named words 0..1 MS and
    $absent named absent 0..1 MS and
    $originalText named originalText 0..1 and
    Reading named reading 0..1
* {path}.extension[relative] ^short = "Counted from a visit, such as one month before it"
* {path}.extension[words] ^short = "The time in words, where no date is known"
* {path}.extension[absent] ^short = "Why the time is not known"
* {path} obeys vit-moment-1

// A period of which nothing may be known: then it says why.
RuleSet: AbsentPeriod(path)
* {path} MS
* {path}.extension contains $absent named absent 0..1 MS
* {path}.extension[absent] ^short = "Why nothing is known of the time"
