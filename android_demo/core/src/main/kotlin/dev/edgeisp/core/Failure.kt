package dev.edgeisp.core

/** What can go wrong and is the user's to mend. [what] says what is wrong, [cure] what to do about it. */
sealed class Failure(val what: String, val cure: String, cause: Throwable? = null) :
    Exception("$what. $cure", cause) {

    /** The manifest is of a schema that this app does not know. */
    class NewerManifest(version: Int) :
        Failure("The manifest is of version $version, this app reads ${Manifest.VERSION}", "Take a newer app, or export again.")

    /** The manifest is not JSON, or does not say what a manifest says. */
    class BadManifest(why: String, cause: Throwable? = null) :
        Failure("The manifest is damaged: $why", "Export again; manifests are not made by hand.", cause)

    /** A file of the artifact is absent or not the one that the manifest tells of. */
    class WrongFile(name: String, why: String) :
        Failure("$name $why", "Put the artifact and its manifest in place again; they belong together.")

    /** What the artifact does, or how it is cut, is not what this app can use. */
    class Unusable(why: String, cure: String) : Failure(why, cure)

    /** The runtime does not load the artifact, or is not in this build of the app. */
    class NotLoaded(runtime: String, cause: Throwable? = null, why: String = cause?.message ?: "no reason given") :
        Failure("$runtime does not load the model: $why", "Choose another runtime.", cause)

    /** A runtime does not compute what the artifact computes. */
    class WrongNumbers(runtime: String, why: String) :
        Failure("$runtime computes something else: $why", "Choose another runtime.")

    /** The self-test's files are absent or do not fit the artifact. */
    class BadGolden(why: String, cause: Throwable? = null) :
        Failure("The self-test cannot run: $why", "Put the model in with `edgeisp app`.", cause)

    /** No camera gives RAW. */
    class NoRaw : Failure("No camera of this phone gives RAW to apps", "Try a phone whose camera lists the RAW capability.")

    /** The sensor's data is not what was expected. */
    class UnexpectedSensor(why: String) :
        Failure("The sensor's data cannot be used: $why", "The DNG is kept; `edgeisp render` may read it.")

    /** A permission was denied. */
    class Denied(what: String) : Failure("$what was not allowed", "Allow it in the system's settings of this app.")

    /** No room for a picture. */
    class NoRoom(needed: Long) :
        Failure("Storage is full: ${needed / 1_000_000} MB are needed", "Make room; the RAW is kept until then.")

    /** A file that the app itself wrote cannot be read or written. */
    class Storage(why: String, cause: Throwable? = null) :
        Failure("Storage does not answer: $why", "Try again; what is kept stays.", cause)

    /** A frame does not fit into memory. */
    class NoMemory(cause: Throwable? = null, cure: String = "Close other apps; the RAW is kept and can be rendered later.") :
        Failure("There is not enough memory for this picture", cure, cause)

    /** The camera went away, or gave no picture. */
    class NoCamera(why: String, cause: Throwable? = null) :
        Failure("The camera cannot be used: $why", "Close other apps that use it, and try again.", cause)

    /** The phone is too hot. */
    class TooHot : Failure("The phone is too hot to render", "Let it cool; the RAW is kept and can be rendered later.")

    /** Somebody stopped it. */
    class Cancelled : Failure("Stopped", "The RAW is kept and can be rendered later.")
}
