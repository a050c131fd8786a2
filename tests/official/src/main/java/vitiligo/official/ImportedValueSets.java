package vitiligo.official;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.model.ValueSet;
import org.hl7.fhir.r5.model.ValueSet.ConceptSetComponent;
import org.hl7.fhir.utilities.npm.NpmPackage;

/**
 * Value sets that take in others, written out.
 *
 * <p>Asked offline for a code with a version, or one whose system it must find itself, engine 6.10.3 stumbles over an
 * include that names value sets and no system (a NullPointerException), and reports the code as not in the value set:
 * every R5 SearchParameter.base is then an error. An include of one value set means that set's own includes, so these
 * are put in its place; several value sets in one include mean their intersection and are left alone.
 */
final class ImportedValueSets {
  private static final Pattern IMPORTS = Pattern.compile("\"valueSet\"\\s*:\\s*\\[");

  private final SimpleWorkerContext context;

  private ImportedValueSets(SimpleWorkerContext context) {
    this.context = context;
  }

  /** For the value sets of a package, which the context has loaded. */
  static void writeOut(SimpleWorkerContext context, NpmPackage npm) throws IOException {
    ImportedValueSets imports = new ImportedValueSets(context);
    for (String file : npm.listResources("ValueSet")) {
      // The context will not list its value sets, and reading them all would take its time: the text says enough.
      String text = new String(npm.load("package", file).readAllBytes(), StandardCharsets.UTF_8);
      if (IMPORTS.matcher(text).find()) {
        String url = JsonParser.parseString(text).getAsJsonObject().get("url").getAsString();
        imports.writeOut(context.fetchResource(ValueSet.class, url), new ArrayList<>());
      }
    }
  }

  private void writeOut(ValueSet valueSet, List<ValueSet> within) {
    if (within.contains(valueSet)) {
      return; // it takes in itself: the engine will say so
    }
    within.add(valueSet);
    List<ConceptSetComponent> includes = new ArrayList<>();
    for (ConceptSetComponent include : valueSet.getCompose().getInclude()) {
      ValueSet imported = imported(include);
      if (imported == null) {
        includes.add(include);
      } else {
        writeOut(imported, within);
        imported.getCompose().getInclude().forEach(part -> includes.add(part.copy()));
      }
    }
    within.remove(valueSet);
    if (valueSet.hasCompose()) {
      valueSet.getCompose().setInclude(includes);
    }
  }

  /** The one value set that an include stands for, or null. */
  private ValueSet imported(ConceptSetComponent include) {
    if (include.hasSystem() || include.getValueSet().size() != 1) {
      return null;
    }
    ValueSet found = context.fetchResource(ValueSet.class, include.getValueSet().get(0).getValue());
    return found == null || !found.hasCompose() || found.getCompose().hasExclude() ? null : found;
  }
}
