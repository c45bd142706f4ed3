import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jetbrains.org.objectweb.asm.ClassReader;
import org.jetbrains.org.objectweb.asm.ClassVisitor;
import org.jetbrains.org.objectweb.asm.ClassWriter;
import org.jetbrains.org.objectweb.asm.FieldVisitor;
import org.jetbrains.org.objectweb.asm.MethodVisitor;
import org.jetbrains.org.objectweb.asm.Opcodes;

/**
 * Adds declared members to Android's classes: what is newer than the android.jar at hand (app/stubs) can then be compiled
 * against. Usage: Newer ANDROID_JAR DECLARED_CLASSES TO. A class that android.jar has gets the members it lacks; others are
 * taken as they are. Nothing of this goes into an APK.
 */
final class Newer {
    public static void main(String[] arguments) throws IOException {
        Path declared = Path.of(arguments[1]), to = Path.of(arguments[2]);
        try (ZipFile android = new ZipFile(arguments[0]); var files = Files.walk(declared)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                String name = declared.relativize(file).toString();
                byte[] made = Files.readAllBytes(file);
                ZipEntry known = android.getEntry(name);
                if (known != null) {
                    made = merged(android.getInputStream(known).readAllBytes(), made);
                    copyNested(android, name.replace(".class", "$"), declared, to);
                }
                write(to.resolve(name), made);
            }
        }
    }

    /** Classes inside a class are looked for beside it. */
    private static void copyNested(ZipFile android, String prefix, Path declared, Path to) throws IOException {
        for (ZipEntry entry : java.util.Collections.list(android.entries())) {
            if (!entry.getName().startsWith(prefix) || Files.exists(declared.resolve(entry.getName()))) continue;
            write(to.resolve(entry.getName()), android.getInputStream(entry).readAllBytes());
        }
    }

    private static void write(Path to, byte[] content) throws IOException {
        Files.createDirectories(to.getParent());
        Files.write(to, content);
    }

    private static byte[] merged(byte[] known, byte[] declared) {
        Set<String> has = new HashSet<>();
        ClassWriter writer = new ClassWriter(0);
        new ClassReader(known).accept(new Members(writer, has, false), 0);
        new ClassReader(declared).accept(new Members(writer, has, true), 0);
        return writer.toByteArray();
    }

    /** Passes members on that {@code has} does not hold yet; with {@code addition} nothing else. */
    private static final class Members extends ClassVisitor {
        private final Set<String> has;
        private final boolean addition;

        Members(ClassVisitor to, Set<String> has, boolean addition) {
            super(Opcodes.ASM9, to);
            this.has = has;
            this.addition = addition;
        }

        @Override public void visit(int version, int access, String name, String signature, String parent, String[] interfaces) {
            if (!addition) super.visit(version, access, name, signature, parent, interfaces);
        }

        @Override public void visitSource(String source, String debug) {}

        @Override public void visitInnerClass(String name, String outer, String inner, int access) {
            if (has.add("class " + name)) super.visitInnerClass(name, outer, inner, access);
        }

        @Override public FieldVisitor visitField(int access, String name, String type, String signature, Object value) {
            return has.add(name) ? super.visitField(access, name, type, signature, value) : null;
        }

        @Override public MethodVisitor visitMethod(int access, String name, String type, String signature, String[] errors) {
            return has.add(name + type) ? super.visitMethod(access, name, type, signature, errors) : null;
        }

        @Override public void visitEnd() {
            if (addition) super.visitEnd();
        }
    }
}
